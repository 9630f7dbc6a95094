"""Three ways to use sro: the command line, the HTTP service, and bulk runs over folders of any size."""
