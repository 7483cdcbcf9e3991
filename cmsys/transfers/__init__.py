"""Bringing rows in and taking them out: reading files, checking every row, one batch with undo, exports (IMP-1, IMP-2).

Rooms describe what can be imported as an ImportKind and register it in apps.ready(); pages and the command
`import_data` go through the same services. Reading, mapping and converting live in `engine`, without Django.
"""
