#!/usr/bin/env python3
"""Writes the vectors from FORMAT.md alone; it shares no code with the program and needs nothing but Python.

    make.py [FOLDER]           writes the vectors beside it, or into FOLDER, in place of those there
    make.py --large FOLDER     writes files that are too large to keep, and what is expected of them
"""
import pathlib
import sys

sys.dont_write_bytecode = True

import journals  # noqa: E402
import large  # noqa: E402
import layout  # noqa: E402
import records  # noqa: E402
import states  # noqa: E402
import version1  # noqa: E402

arguments = sys.argv[1:]
if arguments[:1] == ["--large"]:
    large.write(pathlib.Path(arguments[1]))
else:
    if arguments:
        layout.FOLDER = pathlib.Path(arguments[0])
    for old in layout.FOLDER.glob("*.hex"):
        old.unlink()
    for part in (states, records, journals, version1):
        part.write()
