"""A training loop that does what it is told, one line of standard input at a time.

Commands are `log STEP VALUE`, `episode RETURN` and `finish`; each is answered by a line with the time at which the call returned.
"""

import sys
import time

import ethogram as eg

run = eg.init(project="live", name="live-run", root=sys.argv[1], config={"learning_rate": 0.001})
print("ready", time.time(), flush=True)
step = 0
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "log":
        step = int(arguments[0])
        run.log({"losses/td": float(arguments[1])}, global_step=step)
    elif command == "episode":
        episode = run.episode(global_step=step)
        for t in range(20):
            episode.step(observation=[float(t), 0.0], action=t % 2, reward=float(arguments[0]) / 20)
        episode.end(observation=[20.0, 0.0], terminated=True)
    elif command == "finish":
        run.finish()
    print("done", time.time(), flush=True)
