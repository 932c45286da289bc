"""Logs a sweep of 12 runs in which the learning rate decides. Usage: log_sweep.py ROOT."""

import sys

import ethogram as eg

OPTIMIZERS = ["adam", "sgd"]

for at in range(12):
    config = {"lr": 10.0 ** -(1 + at % 4), "optimizer": OPTIMIZERS[at % 2 if at % 3 else 0], "seed": at}
    if at >= 6:
        config["clip"] = 0.1 * (at - 5)
    run = eg.init(
        project="sweep",
        name=f"run-{at:02}",
        root=sys.argv[1],
        when_full="block",
        config=config,
        capture_code=False,
        capture_console=False,
        capture_system=False,
    )
    # 0.1, 0.01, 0.001 and 0.0001 reach 0, 10, 20 and 30.
    run.log({"score": 10.0 * (at % 4)}, global_step=1)
    run.finish()
