# [autoresearch] NVDEC: begin (the GPU's own decoder gives the frames, in the layout that they had from the CPU)
def _autoresearch_make_nvdec():
    # A scope of its own: whatever the script calls int or open is the script's.
    import os
    import threading
    from builtins import RuntimeError, int

    configs, lock = {}, threading.Lock()

    def config():
        import spdl.io
        import torch

        if not torch.cuda.is_available():
            raise RuntimeError("NVDEC needs a GPU, and torch sees none")
        index = int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()
        with lock:
            if index not in configs:
                # Frames come from torch's pool, as what it computes with them does.
                allocator = (torch.cuda.caching_allocator_alloc, torch.cuda.caching_allocator_delete)
                configs[index] = spdl.io.cuda_config(device_index=index, allocator=allocator)
            return configs[index]

    def decoded(packets, width, height):
        """A tensor on the GPU, frames x height x width x 3, as convert_frames gives rgb24."""
        import spdl.io

        size = {"scale_width": width, "scale_height": height}
        buffer = spdl.io.decode_packets_nvdec(packets, device_config=config(), pix_fmt="rgb", **size)
        return spdl.io.to_torch(buffer).permute(0, 2, 3, 1).contiguous()

    def loaded(source, width, height):
        import spdl.io

        return decoded(spdl.io.demux_video(source), width, height)

    def as_it_is(frames):
        return frames

    return decoded, loaded, as_it_is


_autoresearch_nvdec, _autoresearch_nvdec_load, _autoresearch_as_it_is = _autoresearch_make_nvdec()
# [autoresearch] NVDEC: end
