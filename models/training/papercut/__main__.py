"""python -m papercut <command>: train, evaluate and export the starter model."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from .errors import UserError

RECIPES = ("vae", "tiny", "clip", "unet", "inpaint", "probe")
_CLASS = {name: name.capitalize() for name in RECIPES}


def recipe_class(name: str):
    """The class of a recipe by its name."""
    return getattr(importlib.import_module(f".recipes.{name}", __package__), _CLASS[name])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="papercut", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in RECIPES:
        sub = commands.add_parser(name, help=f"train {name}")
        sub.add_argument("--out", type=Path, default=Path(".cache/training") / name, help="folder of the run")
        sub.add_argument("--preset", default="cpu", help="toy, cpu or gpu")
        sub.add_argument("--device", default="cpu", help="cpu or cuda")
        sub.add_argument("--seed", type=int, default=0)
        sub.add_argument("--budget-minutes", type=float, help="wall time; the learning rate falls over it")
        sub.add_argument("--steps", type=int, help="a fixed number of steps instead of a budget")
        sub.add_argument("--batch", type=int)
        sub.add_argument("--lr", type=float)
        sub.add_argument("--threads", type=int, help="CPU threads")
        sub.add_argument("--workers", type=int, default=1, help="training processes, gradients averaged")
        sub.add_argument("--resume", nargs="?", const="", metavar="CHECKPOINT",
                         help="go on with a run; without a file, with the checkpoint in --out")
        sub.add_argument("--init-from", type=Path, help="start from published weights in this folder")
        sub.add_argument("--fp32", action="store_true", help="no bf16 autocast")
        if name == "vae":
            sub.add_argument("--decoder-only", action="store_true", help="keep the encoder and so the latents")
            sub.add_argument("--anchor", type=float, metavar="WEIGHT",
                             help="improve the encoder too, but hold the latents to those of the vae in --models")
        sub.add_argument("--models", type=Path, default=Path(".cache/training"),
                         help="folder of the parts this recipe builds on")
    sub = commands.add_parser("evaluate", help="measure a model folder on held-out scenes")
    sub.add_argument("model", type=Path, nargs="?", default=Path("models/starter"))
    sub.add_argument("--inpaint", type=Path, help="the inpainting model's folder (default: MODEL-inpaint if there)")
    sub.add_argument("--device", default="cpu")
    sub.add_argument("--only", nargs="+", default=[], help="figures to measure")
    sub.add_argument("--cases", type=int, help="at most this many cases a figure")
    sub.add_argument("--threads", type=int)
    sub = commands.add_parser("export", help="write the published folders from finished runs")
    sub.add_argument("--runs", type=Path, default=Path(".cache/training"))
    sub.add_argument("--models", type=Path, default=Path("models"))
    sub.add_argument("--which", nargs="+", default=["starter", "starter-inpaint"])
    sub.add_argument("--cards-only", action="store_true", help="write the cards again, with the latest figures")
    return parser


def measure(args: argparse.Namespace) -> None:
    """Run `evaluate`."""
    import torch

    from .evaluate import evaluate
    from .trainer import known_devices

    if args.device.split(":")[0] not in known_devices():
        raise UserError(f'unknown or absent device "{args.device}": this machine has {", ".join(known_devices())}.')
    if args.cases is not None and args.cases < 1:
        raise UserError(f"cases is {args.cases}: expected at least 1.")
    if args.threads:
        torch.set_num_threads(args.threads)
    beside = args.model.with_name(args.model.name + "-inpaint")
    evaluate(args.model, args.inpaint or (beside if beside.is_dir() else None), args.device, args.only, args.cases)


def train(args: argparse.Namespace, argv: list[str]) -> None:
    """Run one recipe and write its weights beside the checkpoint."""
    import torch

    from . import workers
    from .trainer import Options, Trainer, check

    if args.threads:
        torch.set_num_threads(args.threads)
    resume = None if args.resume is None else Path(args.resume) if args.resume else args.out / "checkpoint.pt"
    options = Options(
        out=args.out, preset=args.preset, device=args.device, seed=args.seed, budget_minutes=args.budget_minutes,
        steps=args.steps, batch=args.batch, lr=args.lr, resume=resume, init_from=args.init_from, bf16=not args.fp32,
        models=args.models,
        decoder_only=getattr(args, "decoder_only", False), anchor=getattr(args, "anchor", None))
    kind = recipe_class(args.command)
    if workers.rank() == 0:
        check(options, kind)
    if args.workers > 1:
        if args.threads is None:
            torch.set_num_threads(1)
        workers.start(argv, args.workers)
        options.quiet = options.quiet or workers.rank() > 0
    trainer = Trainer(kind(options)).run()
    if workers.rank() > 0:
        return
    trainer.report()
    trainer.recipe.save(trainer.ema, args.out)
    print(f"{args.command}: {trainer.step} steps, {trainer.samples} samples in {trainer.elapsed / 60:.1f} minutes; "
          f"weights in {args.out}", flush=True)


def main(argv: list[str] | None = None) -> int:
    """The command line. Returns the exit status; a person's mistake is one sentence on stderr and status 2."""
    args = _parser().parse_args(argv)
    try:
        if args.command in RECIPES:
            train(args, sys.argv[1:] if argv is None else argv)
        elif args.command == "evaluate":
            measure(args)
        else:
            from .export import export

            export(args.runs, args.models, args.which, args.cards_only)
    except UserError as error:
        print(f"papercut: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
