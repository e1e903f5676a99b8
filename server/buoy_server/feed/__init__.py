"""The ordered feed: the view in memory that is its fold, the writer that appends to it, and the streams that read it."""
