"""Optuna as a searcher for the bench: reads one JSON object a line, answers each with one line.

``{"study": {"sampler": "tpe" | "random", "seed": 1, "ranges": {name: {"least": 1, "most": 64}}, "start": {name: value}}}``
begins a study, ``{"value": 123.4}`` tells what the last setting gave (higher is better). The answer to both is the next
setting to try, ``{"setting": {name: value}}``. The samplers have Optuna's own defaults.
"""

import json
import sys

import optuna

SAMPLERS = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}


class Search:
    def __init__(self, sampler: str, seed: int, ranges: dict, start: dict) -> None:
        # Concurrencies, threads and buffers act by their ratio, so that a logarithmic scale is the fair one.
        self.distributions = {
            name: optuna.distributions.IntDistribution(each["least"], each["most"], log=True)
            for name, each in ranges.items()
        }
        self.study = optuna.create_study(direction="maximize", sampler=SAMPLERS[sampler](seed=seed))
        self.study.enqueue_trial(start)
        self.trial = None

    def ask(self) -> dict:
        self.trial = self.study.ask(fixed_distributions=self.distributions)
        return self.trial.params

    def tell(self, value: float) -> None:
        self.study.tell(self.trial, value)


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search = None
    for line in sys.stdin:
        message = json.loads(line)
        if "study" in message:
            search = Search(**message["study"])
        else:
            search.tell(message["value"])
        print(json.dumps({"setting": search.ask()}), flush=True)


if __name__ == "__main__":
    main()
