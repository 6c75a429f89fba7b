"""Every number that the documentation quotes comes out of here; README.md beside this file says what each means."""
