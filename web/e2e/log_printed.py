"""Logs one run that prints on the way. Usage: log_printed.py ROOT."""

import sys

import ethogram as eg

run = eg.init(project="printed", name="talker", root=sys.argv[1], when_full="block", capture_code=False)
for step in range(4):
    run.log({"score": float(step)}, global_step=step)
    print(f"step {step}")
print("a warning", file=sys.stderr)
run.finish()
