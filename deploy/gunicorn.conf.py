"""gunicorn in a container: read by `gunicorn --config`. WEB_CONCURRENCY, which gunicorn itself reads, is the number of processes."""

bind = "0.0.0.0:8000"
worker_class = "gthread"
threads = 8
workers = 2
# Loaded once, shared by the workers: less memory, and a setting that is wrong ends the start instead of each worker.
preload_app = True
# The worker's sign of life is a file that is written all the time: in memory, not on a disk or a layer of the image.
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
timeout = 60
graceful_timeout = 25
# Workers are replaced now and then, so that one that grew does not stay.
max_requests = 20_000
max_requests_jitter = 2_000
# Requests are logged by the proxy, without their queries; here stands only what went wrong.
accesslog = None
loglevel = "warning"
