"""Between the server and the kernel: the stream, the loop that applies, the reports."""
