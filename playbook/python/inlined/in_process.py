# [autoresearch] in this process: begin (the pipeline runs in threads of this process, not in a process of its own)
def _autoresearch_make_in_process():
    # A scope of its own: whatever the script calls getattr or object is the script's.
    from builtins import getattr, object

    class InProcess(object):
        """Behaves like what run_pipeline_in_subprocess returns: each iteration is an epoch."""

        def __init__(self, config, options):
            self.config, self.options, self.pipeline = config, options, None

        def __iter__(self):
            from spdl.pipeline import build_pipeline

            if getattr(self.config.src, "continuous", False):
                if self.pipeline is None:
                    self.pipeline = build_pipeline(self.config, **self.options)
                    self.pipeline.start()
                yield from self.pipeline
                return
            pipeline = build_pipeline(self.config, **self.options)
            with pipeline.auto_stop():
                yield from pipeline

    def in_process(config, **options):
        return InProcess(config if not hasattr_config(config) else config.get_config(), options)

    def hasattr_config(config):
        return getattr(config, "get_config", None) is not None

    return in_process


_autoresearch_in_process = _autoresearch_make_in_process()
# [autoresearch] in this process: end
