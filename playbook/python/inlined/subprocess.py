# [autoresearch] subprocess: begin (the pipeline runs in a process of its own; stages on the GPU stay in this one)
def _autoresearch_make_subprocess():
    # A scope of its own: whatever the script calls iter, next or max is the script's.
    from builtins import EOFError, StopIteration, enumerate, getattr, iter, len, list, max, next, object

    class SubprocessPipeline(object):
        """Behaves like spdl.pipeline.Pipeline, with run_pipeline_in_subprocess underneath."""

        def __init__(self, config, options):
            self._config, self._options = config, options
            self._source = self._batches = None
            self._continuous = getattr(config.src, "continuous", False)
            self._ended = self._stopped = False

        def start(self, **_):
            if self._source is None and not self._stopped:
                from spdl.pipeline import run_pipeline_in_subprocess

                self._source = run_pipeline_in_subprocess(self._config, **self._options)

        def stop(self, **_):
            self._stopped, self._batches, self._source = True, None, None

        def auto_stop(self, **_):
            import contextlib

            @contextlib.contextmanager
            def started():
                self.start()
                try:
                    yield
                finally:
                    self.stop()

            return started()

        def get_item(self, **_):
            try:
                return next(self)
            except StopIteration:
                raise EOFError("Reached the end of the pipeline") from None

        def get_iterator(self, **_):
            return iter(self)

        def __next__(self):
            if self._ended or self._stopped:
                raise StopIteration
            self.start()
            if self._batches is None:
                self._batches = iter(self._source)
            try:
                return next(self._batches)
            except StopIteration:
                # A continuous source begins its next epoch; any other pipeline is exhausted for good.
                self._batches, self._ended = None, not self._continuous
                raise

        def __iter__(self):
            while True:
                try:
                    batch = next(self)
                except StopIteration:
                    return
                yield batch

    def _autoresearch_subprocess(config, *, num_threads, main_process_stages=(), stage_id=0, **options):
        """Instead of build(): stages from the first of `main_process_stages` on run in this process."""
        from spdl.pipeline import build_pipeline, run_pipeline_in_subprocess
        from spdl.pipeline.defs import PipelineConfig, SinkConfig, SourceConfig

        names = [getattr(stage, "name", "") for stage in config.pipes]
        here = [i for i, name in enumerate(names) if name in main_process_stages]
        if not here:
            return SubprocessPipeline(config, {"num_threads": num_threads, **options})
        at = here[0]
        away = PipelineConfig(config.src, list(config.pipes[:at]), SinkConfig(config.sink.buffer_size))
        source = run_pipeline_in_subprocess(away, num_threads=num_threads, **options)
        continuous = getattr(config.src, "continuous", False)
        kept = PipelineConfig(SourceConfig(source, continuous), list(config.pipes[at:]), config.sink)
        here_too = {name: value for name, value in options.items() if name not in ("buffer_size", "arena")}
        return build_pipeline(kept, num_threads=max(2, len(names) - at + 1), **here_too)

    class SubprocessLoader(object):
        """Behaves like spdl.dataloader.DataLoader: one process for all epochs; transfer_fn runs in this one."""

        def __init__(
            self,
            src,
            *,
            preprocessor=None,
            batch_size=None,
            drop_last=False,
            aggregator=None,
            transfer_fn=None,
            buffer_size=3,
            num_threads=8,
            timeout=None,
            output_order="completion",
        ):
            from spdl.pipeline import PipelineBuilder

            builder = PipelineBuilder().add_source(src)
            if preprocessor:
                builder.pipe(preprocessor, concurrency=num_threads, output_order=output_order)
            if batch_size:
                builder.aggregate(batch_size, drop_last=drop_last)
            if aggregator:
                builder.pipe(aggregator, concurrency=num_threads, output_order=output_order)
            builder.add_sink(buffer_size)
            self._config, self._num_threads, self._buffer_size = builder.get_config(), num_threads, buffer_size
            self._transfer, self._timeout, self._source = transfer_fn, timeout, None

        def __iter__(self):
            from spdl.pipeline import PipelineBuilder, run_pipeline_in_subprocess

            if self._source is None:
                self._source = run_pipeline_in_subprocess(self._config, num_threads=self._num_threads)
            if self._transfer is None:
                yield from self._source
                return
            builder = PipelineBuilder().add_source(self._source).pipe(self._transfer).add_sink(self._buffer_size)
            pipeline = builder.build(num_threads=2)
            with pipeline.auto_stop():
                yield from pipeline.get_iterator(timeout=self._timeout)

    def _autoresearch_subprocess_loader(src, **options):
        return SubprocessLoader(src, **options)

    return _autoresearch_subprocess, _autoresearch_subprocess_loader


_autoresearch_subprocess, _autoresearch_subprocess_loader = _autoresearch_make_subprocess()
# [autoresearch] subprocess: end
