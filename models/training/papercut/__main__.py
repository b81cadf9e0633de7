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
        sub.add_argument("--resume", nargs="?", const="", metavar="CHECKPOINT",
                         help="go on with a run; without a file, with the checkpoint in --out")
        sub.add_argument("--init-from", type=Path, help="start from published weights in this folder")
        sub.add_argument("--fp32", action="store_true", help="no bf16 autocast")
        sub.add_argument("--models", type=Path, default=Path(".cache/training"),
                         help="folder of the parts this recipe builds on")
    return parser


def train(args: argparse.Namespace) -> None:
    """Run one recipe and write its weights beside the checkpoint."""
    import torch

    from .trainer import Options, Trainer, check

    if args.threads:
        torch.set_num_threads(args.threads)
    resume = None if args.resume is None else Path(args.resume) if args.resume else args.out / "checkpoint.pt"
    options = Options(
        out=args.out, preset=args.preset, device=args.device, seed=args.seed, budget_minutes=args.budget_minutes,
        steps=args.steps, batch=args.batch, lr=args.lr, resume=resume, init_from=args.init_from, bf16=not args.fp32,
        models=args.models)
    kind = recipe_class(args.command)
    check(options, kind)
    trainer = Trainer(kind(options)).run()
    trainer.report()
    trainer.recipe.save(trainer.ema, args.out)
    print(f"{args.command}: {trainer.step} steps, {trainer.samples} samples in {trainer.elapsed / 60:.1f} minutes; "
          f"weights in {args.out}", flush=True)


def main(argv: list[str] | None = None) -> int:
    """The command line. Returns the exit status; a person's mistake is one sentence on stderr and status 2."""
    args = _parser().parse_args(argv)
    try:
        if args.command in RECIPES:
            train(args)
    except UserError as error:
        print(f"papercut: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
