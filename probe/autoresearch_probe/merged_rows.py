"""Several rows about one stage as one row, with the sums and weighted means that a reader of all rows would take."""


def _sum(name):
    return lambda rows: sum(row[name] for row in rows)


def _most(name):
    return lambda rows: max(row[name] for row in rows)


def _mean(name, weight):
    """Of the rows that know it; '' where none does. A row in which nothing happened says nothing."""

    def mean(rows):
        known = [(float(row[name]), max(0, weight(row))) for row in rows if row[name] != ""]
        weights = sum(each for _, each in known)
        if weights > 0:
            return sum(value * each for value, each in known) / weights
        return known[-1][0] if known else ""

    return mean


def _tasks(row):
    return row["num_tasks"]


def _successes(row):
    return row["num_tasks"] - row["num_failures"]


def _items(row):
    return row["num_items"]


def _time(row):
    return row["elapsed"]


# Of a column that is not named here the last row's value counts.
_RULES = {
    "task_stats": {
        "num_tasks": _sum("num_tasks"),
        "num_failures": _sum("num_failures"),
        "ave_time": _mean("ave_time", _successes),
        "p90_time": _most("p90_time"),
        "p99_time": _most("p99_time"),
        "thread_wait": _mean("thread_wait", _tasks),
    },
    "queue_stats": {
        "elapsed": _sum("elapsed"),
        "num_items": _sum("num_items"),
        "qps": _mean("qps", _time),
        "put": _mean("put", _items),
        "get": _mean("get", _items),
        "occupation_rate": _mean("occupation_rate", _time),
        "batch_size": _mean("batch_size", _items),
    },
}


def merged(table, columns, rows):
    """One row for each stage, in the order of their last rows; rows of other tables as they are."""
    rules = _RULES.get(table)
    if rules is None:
        return list(rows)
    by_stage = {}
    for row in rows:
        cells = dict(zip(columns, row))
        stage = by_stage[cells["name"]] = by_stage.pop(cells["name"], [])
        stage.append(cells)
    return [[rules[name](stage) if name in rules else stage[-1][name] for name in columns] for stage in by_stage.values()]
