"""What `forks.rs` runs: a process logs, and again and again a child that was forked of it ends in a way of its own.

    forks.py ROOT WAY TICKS

`WAY` is how children end: `exit`, `os_exit` or `kill`. On the standard output it says `TICK MICROSECONDS` for every
tick that was logged, and at the end `end DROPPED FORKS`. It ends in order; whoever wants less kills it.
"""

import os
import random
import signal
import sys
import threading
import time

import ethogram as eg

FORK_EVERY = 40
BESIDE = -1_000_000
"""Steps of the values that a second thread logs, so that locks are held while the first forks."""


def child(run: eg.Run, way: str, seconds: float) -> None:
    """Log what nobody may ever see, and end."""
    for step in range(5):
        run.log({"tick": -1.0, "of_a_child": 1.0}, global_step=10_000_000 + step)
    run.flush()
    time.sleep(seconds)
    if way == "exit":
        sys.exit(0)  # Whatever waits for the end of an interpreter runs in the child too.
    if way == "os_exit":
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)


def main(root: str, way: str, ticks: int) -> None:
    """Log one tick a millisecond, and fork every so many."""
    seconds = random.Random(ticks)
    run = eg.init("forks", root=root, capture_code=False, capture_console=False, capture_system=False)
    over = threading.Event()

    def beside() -> None:
        step = BESIDE
        while not over.is_set():
            run.log({"beside": float(step)}, global_step=step)
            step += 1
            time.sleep(0.0002)

    thread = threading.Thread(target=beside)
    thread.start()
    children: list[int] = []
    forks = 0
    episode = run.episode(seed=0)
    for tick in range(ticks):
        run.log({"tick": float(tick)}, global_step=tick)
        episode.step(observation=[float(tick)], action=tick % 3, reward=1.0)
        print(tick, time.time_ns() // 1000, flush=True)
        if tick % FORK_EVERY == FORK_EVERY // 2:
            later = seconds.uniform(0, 0.3)
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                child(run, way, later)
            children.append(pid)
            forks += 1
        children = [pid for pid in children if os.waitpid(pid, os.WNOHANG)[0] == 0]
        time.sleep(0.001)
    for pid in children:
        os.waitpid(pid, 0)
    episode.end(observation=[float(ticks)])
    over.set()
    thread.join()
    run.finish()
    print("end", run.counters["dropped"], forks, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
