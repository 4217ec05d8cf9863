"""The only code that opens a file, a socket or an untrusted document."""
