"""Starts the runtime. Python keeps compiled modules, not scripts: compiling bootstrap.py would cost every process 1.4 MB and its time."""
import sys

import bootstrap

# A function may have a module of that name.
del sys.modules["bootstrap"]
bootstrap.main()
