"""What a getaddrinfo call means: its arguments, its rows, their order and its errors, exactly as the image's libc.

Pure, but for rows.py, which asks the original getaddrinfo about numeric addresses.
"""
