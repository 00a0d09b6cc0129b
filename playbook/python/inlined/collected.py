# [autoresearch] garbage collection: begin (by the loop, every so many steps, and not in the middle of one)
def _autoresearch_make_collect():
    import gc

    steps = [0]

    def collect(every):
        if steps[0] == 0:
            gc.collect()
            # What is there now stays to the end: it need not be looked at again.
            gc.freeze()
            # Far away, not off: what runs between two loops may leave garbage, too.
            gc.set_threshold(1_000_000, 50, 1000)
        elif steps[0] % (10 * every) == 0:
            gc.collect()
        elif steps[0] % every == 0:
            gc.collect(1)
        steps[0] += 1

    return collect


_autoresearch_collect = _autoresearch_make_collect()
# [autoresearch] garbage collection: end
