"""The recipes on the toy preset: every one runs, saves, resumes exactly, and refuses what cannot work."""

from __future__ import annotations

import json
import math
import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from papercut import checkpoint
from papercut.__main__ import RECIPES, main, recipe_class
from papercut.errors import UserError
from papercut.optim import orthogonalise
from papercut.trainer import Options, Trainer, check, rate_at

STEPS = 8
ORDER = ("vae", "clip", "unet", "inpaint", "tiny", "probe")


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Path:
    """A folder with a finished short toy run of every recipe."""
    folder = tmp_path_factory.mktemp("runs")
    torch.set_num_threads(2)
    for name in ORDER:
        options = Options(out=folder / name, preset="toy", steps=STEPS, models=folder, quiet=True)
        kind = recipe_class(name)
        check(options, kind)
        trainer = Trainer(kind(options)).run()
        trainer.report()
        trainer.recipe.save(trainer.ema, options.out)
    return folder


def options(out: Path, **changes) -> Options:
    return Options(**{"out": out, "preset": "toy", "steps": 6, "quiet": True, "models": out.parent, **changes})


def test_every_recipe_is_covered():
    assert set(ORDER) == set(RECIPES)


@pytest.mark.parametrize("name", ORDER)
def test_smoke_run(runs: Path, name: str):
    state = checkpoint.load(runs / name / "checkpoint.pt", name)
    assert state["step"] == STEPS
    assert state["samples"] > 0 and state["elapsed"] > 0
    assert len(state["history"]) == STEPS
    assert all(math.isfinite(row[2]) for row in state["history"])
    assert (runs / name / "loss.png").read_bytes()[:4] == b"\x89PNG"
    assert list((runs / name).rglob("*.safetensors")), "no weights were published"
    changed = [not torch.equal(a, b) for a, b in zip(state["model"].values(), state["ema"].values())]
    assert any(changed), "the EMA is a copy of the model"


@pytest.mark.parametrize("name", ORDER)
def test_a_batch_seen_again_and_again_is_learnt(runs: Path, tmp_path: Path, name: str):
    trainer = Trainer(recipe_class(name)(options(tmp_path / "run", models=runs, steps=1000)))
    trainer.recipe.warmup = 1
    inner = trainer.recipe.loss

    def same_batch(model, rng, progress):
        torch.manual_seed(0)
        return inner(model, random.Random(0), 0.0)

    trainer.recipe.loss = same_batch
    losses = [trainer.one_step() for _ in range(12)]
    assert min(losses[-3:]) < losses[0], losses


@pytest.mark.parametrize("name", ["vae", "unet"])
def test_resumed_run_equals_an_unbroken_one(runs: Path, tmp_path: Path, name: str):
    kind = recipe_class(name)
    whole = Trainer(kind(options(tmp_path / "whole", models=runs))).run()
    Trainer(kind(options(tmp_path / "part", models=runs, stop_at=3))).run()
    rest = Trainer(kind(options(tmp_path / "part", models=runs, resume=tmp_path / "part" / "checkpoint.pt"))).run()
    assert rest.step == whole.step == 6
    assert rest.samples == whole.samples
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, rest.model.state_dict()[key]), key
    for key, value in whole.ema.state_dict().items():
        assert torch.equal(value, rest.ema.state_dict()[key]), key


def test_another_seed_gives_another_run(tmp_path: Path):
    kind = recipe_class("vae")
    a = Trainer(kind(options(tmp_path / "a", steps=1, seed=1))).run()
    b = Trainer(kind(options(tmp_path / "b", steps=1, seed=2))).run()
    assert a.history[0][2] != b.history[0][2]


def test_signal_saves_and_ends(tmp_path: Path):
    kind = recipe_class("vae")
    trainer = Trainer(kind(options(tmp_path / "run", steps=1000)))
    inner = trainer.recipe.loss

    def loss(model, rng, progress):
        if trainer.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return inner(model, rng, progress)

    trainer.recipe.loss = loss
    trainer.run()
    assert checkpoint.load(tmp_path / "run" / "checkpoint.pt", "vae")["step"] == 3


def test_inpaint_starts_as_the_text_to_image_model(runs: Path, tmp_path: Path):
    from diffusers import UNet2DConditionModel

    recipe = recipe_class("inpaint")(options(tmp_path / "x", models=runs))
    model = recipe.build().eval()
    source = UNet2DConditionModel.from_pretrained(runs / "unet" / "unet").eval()
    latents, states = torch.randn(1, 4, 16, 16), torch.randn(1, 77, recipe.text.width)
    with torch.no_grad():
        got = model(torch.cat([latents, torch.randn(1, 5, 16, 16)], 1), 500, encoder_hidden_states=states).sample
        wanted = source(latents, 500, encoder_hidden_states=states).sample
    assert torch.allclose(got, wanted, atol=1e-6)


def test_decoder_only_keeps_the_latents(runs: Path, tmp_path: Path):
    kind = recipe_class("vae")
    trainer = Trainer(kind(options(tmp_path / "d", steps=3, init_from=runs, decoder_only=True))).run()
    from diffusers import AutoencoderKL

    before = AutoencoderKL.from_pretrained(runs / "vae" / "vae").state_dict()
    after = trainer.model.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before if k.startswith(("encoder", "quant_conv")))
    assert any(not torch.equal(before[k], after[k]) for k in before if k.startswith("decoder"))


def test_an_anchored_autoencoder_moves_its_latents_little_and_resumes(runs: Path, tmp_path: Path):
    from diffusers import AutoencoderKL

    kind = recipe_class("vae")
    anchored = {"init_from": runs, "models": runs / "vae", "anchor": 1e4}
    trainer = Trainer(kind(options(tmp_path / "a", steps=4, stop_at=3, **anchored))).run()
    before, after = AutoencoderKL.from_pretrained(runs / "vae" / "vae").state_dict(), trainer.model.state_dict()
    assert any(not torch.equal(before[k], after[k]) for k in before if k.startswith("encoder"))
    free = Trainer(kind(options(tmp_path / "b", steps=4, stop_at=3, init_from=runs))).run()
    pixels = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        old = trainer.recipe.latents_before(pixels)
        near, far = ((model.encode(pixels).latent_dist.mode() - old).square().mean()
                     for model in (trainer.model.eval(), free.model.eval()))
    assert near < far
    again = {**anchored, "init_from": None, "resume": tmp_path / "a" / "checkpoint.pt"}
    assert Trainer(kind(options(tmp_path / "a", steps=4, **again))).run().step == 4


def test_two_workers_train_together(tmp_path: Path):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-m", "papercut", "vae", "--preset", "toy", "--steps", "3", "--workers", "2",
                           "--out", str(tmp_path / "run")], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert checkpoint.load(tmp_path / "run" / "checkpoint.pt", "vae")["samples"] == 3 * 2 * 2


# --- refusals ---------------------------------------------------------------------------------------------------------

def refused(capsys, *words: str) -> str:
    """Run the command line; it must end with status 2 and one line on stderr, which is returned."""
    assert main(list(words)) == 2
    text = capsys.readouterr().err.strip()
    assert text.count("\n") == 0 and "Traceback" not in text
    return text


def test_refuses_a_missing_checkpoint(capsys, tmp_path):
    text = refused(capsys, "vae", "--preset", "toy", "--out", str(tmp_path), "--resume")
    assert str(tmp_path / "checkpoint.pt") in text and "no checkpoint" in text


def test_refuses_a_file_that_is_no_checkpoint(capsys, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"this is a letter, not a checkpoint")
    text = refused(capsys, "vae", "--preset", "toy", "--out", str(tmp_path), "--resume")
    assert "checkpoint.pt" in text and "not a checkpoint" in text


def test_refuses_a_torch_file_of_something_else(capsys, tmp_path):
    torch.save({"weights": torch.ones(3)}, tmp_path / "checkpoint.pt")
    text = refused(capsys, "vae", "--preset", "toy", "--out", str(tmp_path), "--resume")
    assert "not a checkpoint" in text


def test_refuses_a_checkpoint_of_another_recipe(capsys, runs, tmp_path):
    text = refused(capsys, "vae", "--preset", "toy", "--out", str(tmp_path), "--resume",
                   str(runs / "clip" / "checkpoint.pt"))
    assert '"clip"' in text and '"vae"' in text


def test_refuses_a_checkpoint_of_another_preset(capsys, runs, tmp_path):
    text = refused(capsys, "vae", "--preset", "cpu", "--out", str(tmp_path), "--resume",
                   str(runs / "vae" / "checkpoint.pt"))
    assert '"toy"' in text and '"cpu"' in text


@pytest.mark.parametrize("words, said", [
    (("--budget-minutes", "0"), "more than 0"),
    (("--budget-minutes", "-3"), "more than 0"),
    (("--budget-minutes", "nan"), "more than 0"),
    (("--preset", "huge"), "toy, cpu, gpu"),
    (("--device", "toaster"), "this machine has cpu"),
    (("--steps", "0"), "at least 1"),
    (("--batch", "0"), "at least 1"),
])
def test_refuses_bad_options(capsys, tmp_path, words, said):
    assert said in refused(capsys, "vae", "--out", str(tmp_path / "x"), *words)
    assert not (tmp_path / "x").exists()


def test_refuses_to_overwrite_a_run(capsys, runs):
    assert "--resume" in refused(capsys, "vae", "--preset", "toy", "--out", str(runs / "vae"))


def test_refuses_missing_parts(capsys, tmp_path):
    text = refused(capsys, "unet", "--preset", "toy", "--out", str(tmp_path / "unet"), "--models", str(tmp_path))
    assert "vae" in text and str(tmp_path) in text


def test_full_disk_keeps_the_last_good_checkpoint(tmp_path):
    trainer = Trainer(recipe_class("vae")(options(tmp_path / "run", steps=2))).run()
    path = tmp_path / "run" / "checkpoint.pt"
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # The system itself refuses to write more than this, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        with pytest.raises(UserError, match="last good one is kept"):
            trainer.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if p.suffix == ".tmp"] == []
    assert checkpoint.load(path, "vae")["step"] == 2


def test_a_diverged_run_says_so(tmp_path):
    trainer = Trainer(recipe_class("vae")(options(tmp_path / "run")))
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match="diverged"):
        trainer.one_step()


# --- the parts of the loop --------------------------------------------------------------------------------------------

def test_learning_rate_warms_up_and_ends_low():
    assert rate_at(0.0, 0, 100) == pytest.approx(0.01)
    assert rate_at(0.0, 99, 100) == pytest.approx(1.0)
    assert rate_at(0.5, 1000, 100) == pytest.approx(0.505)
    assert rate_at(1.0, 1000, 100) == pytest.approx(0.01)


@pytest.mark.parametrize("shape", [(8, 24), (24, 8), (16, 16)])
def test_orthogonalised_updates(shape):
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
    assert values.min() > 0.4 and values.max() < 1.35


def test_card_facts_come_from_the_checkpoints(runs: Path):
    from papercut.export import training_facts

    facts = training_facts(runs, ("vae", "clip"), runs / "no card yet")
    assert facts["vae"]["steps"] == STEPS and facts["clip"]["command"].startswith("python -m papercut clip")
    assert json.dumps(facts)
