"""Runs a command at a terminal of its own and types a line each time that it asks for something."""
import os
import pty
import sys

line, command = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
said = b""
while True:
    try:
        more = os.read(terminal, 1024)
    except OSError:  # Linux says that the other end is closed in this way.
        break
    if not more:
        break
    said += more
    if said.rstrip().endswith(b":"):
        os.write(terminal, line.encode() + b"\n")
        said = b""
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if status:
    sys.exit(f"{command[0]}: {said.decode(errors='replace')}")
