"""The same nets in PyTorch + diffusers, driven like child.ts: a JSON job in argv, then one command a line on stdin."""

import json
import os
import sys
import time

job = json.loads(sys.argv[1])
import torch  # noqa: E402  (a missing torch must fail before anything else is printed)

torch.set_num_threads(job["threads"])
torch.manual_seed(1)
dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[job["dtype"]]
net, run = None, None


def load():
    global net, run
    folder = os.path.dirname(job["config"])
    latent = (1, 4, job["height"] // job["factor"], job["width"] // job["factor"])
    pixels = (1, 3, job["height"], job["width"])
    if job["net"] == "text-encoder":
        from transformers import CLIPTextModel

        net = CLIPTextModel.from_pretrained(folder, dtype=dtype).eval()
        ids = torch.arange(77)[None] % 1000
        run = lambda: net(input_ids=ids).last_hidden_state
    elif job["net"] == "unet":
        from diffusers import UNet2DConditionModel

        net = UNet2DConditionModel.from_pretrained(folder, torch_dtype=dtype).eval()
        sample, prompt = torch.randn(latent, dtype=dtype), torch.randn((1, 77, net.config.cross_attention_dim), dtype=dtype)
        run = lambda: net(sample, torch.tensor(501), prompt).sample
    else:
        from diffusers import AutoencoderKL

        net = AutoencoderKL.from_pretrained(folder, torch_dtype=dtype).eval()
        given = torch.randn(latent if job["net"] == "vae-decoder" else pixels, dtype=dtype)
        run = (lambda: net.decode(given).sample) if job["net"] == "vae-decoder" else (lambda: net.encode(given).latent_dist.mean)


def peak_mib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


answers = os.fdopen(os.dup(1), "w")  # libraries may print to stdout; answers must stay alone on their line
os.dup2(2, 1)
for line in sys.stdin:
    command, start, cpu = line.strip(), time.perf_counter(), time.process_time()
    if command == "quit":
        break
    try:
        if command == "load":
            load()
            answer = {"ms": 1000 * (time.perf_counter() - start)}
        elif command == "run":
            with torch.inference_mode():
                result = run()
            answer = {"ms": 1000 * (time.perf_counter() - start), "cpuMs": 1000 * (time.process_time() - cpu), "finite": bool(result.isfinite().all())}
        elif command == "memory":
            answer = {"peakMiB": peak_mib()}
        else:
            answer = {"error": f"unknown command {command}"}
    except Exception as error:  # reported, so that the table can say why a cell is empty
        answer = {"error": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
