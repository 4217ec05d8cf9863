"""The local workbench: a case in the browser, on this machine only."""
