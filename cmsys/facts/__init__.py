"""事实: kinds of which files hold millions of rows. They are staged by COPY, checked set-wise and written in few statements."""
