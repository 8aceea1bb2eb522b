"""/admin/models: checkpoints: list, scan, add, change, set as default, delete."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.api.context import Context, Shared
from audio_assets.api.pages import Page, Paging, page_of
from audio_assets.api.problems import ProblemError, documented
from audio_assets.errors import AudioAssetsError, CheckpointError, ConflictError, NotFoundError
from audio_assets.home import SLUG, slug
from audio_assets.models.card import Pooling, TransformCard

router = APIRouter(prefix="/admin/models", tags=["models"])

Name = Annotated[str, Path(pattern=rf"^{SLUG.pattern}$", examples=["audiomaepp-esc10"])]


class Model(BaseModel):
    """A checkpoint."""

    id: str
    default: bool = Field(description="Used where none is named")
    shipped: bool = Field(description="Came with audio_assets: cannot be changed or deleted")
    problem: str | None = Field(description="Why it cannot be used; the rest is null then")
    kind: str | None = None
    dim: int | None = Field(None, description="Length of a vector, measured")
    sample_rate: int | None = Field(None, description="Hz")
    input_seconds: float | None = None
    pooling: str | None = None
    transform: TransformCard | None = None
    licence: str | None = None
    source: str | None = None
    citation: str | None = None
    description: str | None = None
    used_by: list[str] = Field(description="Folders with embeddings of it")


class NewModel(BaseModel):
    """A recipe's name, or a model file below the models directory."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"source": "perch.onnx", "licence": "Apache-2.0", "sample_rate": 32000}
        },
    )

    source: str = Field(min_length=1, max_length=4096, description="Recipe, or path of a file")
    name: str | None = Field(None, pattern=rf"^{SLUG.pattern}$")
    licence: str | None = Field(None, min_length=1, max_length=500, description="Needed for a file")
    sample_rate: int | None = Field(None, gt=0, description="Hz, where the file does not state it")
    input_seconds: float | None = Field(None, gt=0, description="Where the file does not state it")
    embedding: str | None = Field(None, min_length=1, description="Tensor of the embedding")


class ModelChange(BaseModel):
    """Fields to change; those not given stay."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"licence": "CC0-1.0"}})

    licence: str | None = Field(None, min_length=1, max_length=500)
    source: str | None = Field(None, max_length=2000)
    citation: str | None = Field(None, max_length=10_000)
    description: str | None = Field(None, max_length=10_000)
    pooling: Pooling | None = Field(None, description="Changes every vector")
    transform: TransformCard | None = Field(None, description="Changes every vector")


class ChangedModel(Model):
    """A checkpoint after a change."""

    vectors_change: bool = Field(description="Whether its vectors are others from now on")
    stale_folders: list[str] = Field(description="Folders to be encoded again because of that")


class ScannedModel(BaseModel):
    """A model file that is there."""

    path: str = Field(description="Below the models directory: a `source` for POST")
    kind: str
    problem: str = Field(description="Why it cannot be used; empty if it can")
    facts: dict[str, Any] = Field(description="What the file states of itself")
    registered: bool = Field(description="Whether a checkpoint has the name of this file")


@router.get("", response_model=Page[Model], summary="List models")
def list_models(context: Shared, page: Paging) -> Page[Model]:
    """Checkpoints of the home and those that came with the project, by name."""
    from audio_assets.models.registry import list_checkpoints

    names, cursor = page_of(list_checkpoints(context.home), lambda name: name, page)
    return Page[Model](items=[_model(context, name) for name in names], next=cursor)


@router.get("/scan", response_model=Page[ScannedModel], summary="Look for model files")
def scan_models(context: Shared, page: Paging) -> Page[ScannedModel]:
    """Every model file below the models directory, with what it states; nothing is changed."""
    from audio_assets.models.registry import list_checkpoints
    from audio_assets.models.scan import scan

    root = context.models_dir
    known = set(list_checkpoints(context.home))
    found = [
        ScannedModel(
            path=one.path.relative_to(root).as_posix(), kind=one.kind, problem=one.problem,
            facts=one.facts, registered=slug(one.path.stem) in known,
        )
        for one in (scan(root) if root.is_dir() else [])
    ]  # fmt: skip
    items, cursor = page_of(sorted(found, key=lambda o: o.path), lambda o: o.path, page)
    return Page[ScannedModel](items=items, next=cursor)


@router.post(
    "", response_model=Model, status_code=201, summary="Register a model", responses=documented(403)
)
def add_model(new: NewModel, context: Shared) -> Model:
    """Register a recipe or a file; it is probed on known sounds before it is trusted.

    A file must lie below the models directory or the home's checkpoints.
    """
    from audio_assets.models.manage import add
    from audio_assets.models.recipes.recipe import recipe_names
    from audio_assets.models.registry import list_checkpoints

    recipe = new.source in recipe_names()
    source = new.source if recipe else str(_model_file(context, new.source))
    name = new.name or (new.source if recipe else slug(FilePath(source).stem))
    if name in list_checkpoints(context.home):
        raise ConflictError(f"A checkpoint {name!r} exists already. Give another `name`.")
    given = new.model_dump(include={"sample_rate", "input_seconds", "embedding"})
    checkpoint, _ = add(
        source, context.home, name=name, licence=new.licence,
        unstated_rate=context.settings.target_sample_rate, **given,
    )  # fmt: skip
    return _model(context, checkpoint.name)


@router.get("/{id}", response_model=Model, summary="One model")
def get_model(id: Name, context: Shared) -> Model:
    """A checkpoint's card and the folders that use it."""
    return _model(context, _known(context, id))


@router.put("/{id}", response_model=ChangedModel, summary="Change a model's card")
def change_model(id: Name, change: ModelChange, context: Shared) -> ChangedModel:
    """Change the card. The reply says whether the vectors change, and what is stale because of it.

    Length of a vector, rate and input length are facts of the file and cannot be set.
    """
    from audio_assets.models.card_update import update_card

    changes = change.model_dump(exclude_unset=True, exclude_none=True)
    _, vectors_change = update_card(_known(context, id), context.home, changes)
    model = _model(context, id)
    stale = model.used_by if vectors_change else []
    fields = {**model.model_dump(), "vectors_change": vectors_change, "stale_folders": stale}
    return ChangedModel.model_validate(fields)


@router.delete("/{id}", status_code=204, response_class=Response, summary="Delete a model")
def delete_model(id: Name, context: Shared) -> Response:
    """Delete a checkpoint of the home; refused (409) while embeddings refer to it."""
    from audio_assets.models.manage import remove, users_of

    users = users_of(_known(context, id), context.home)
    if users:
        raise ProblemError(
            409,
            f"{id!r} cannot be deleted: embeddings of {', '.join(users)} refer to it.",
            folders=users,
        )
    if _model(context, id).shipped:
        raise ConflictError(f"{id!r} ships with audio_assets and cannot be deleted.")
    remove(id, context.home)
    return Response(status_code=204)


@router.post("/{id}/set-default", response_model=Model, summary="Use a model by default")
def set_default_model(id: Name, context: Shared) -> Model:
    """Use this checkpoint where none is named."""
    from audio_assets.models.manage import set_default

    _known(context, id)
    if context.checkpoint_is_pinned and context.settings.checkpoint != id:
        raise ConflictError(
            f"AUDIO_ASSETS_CHECKPOINT={context.settings.checkpoint} pins the default. Unset it "
            "and start the API again."
        )
    set_default(id, context.home)
    return _model(context, id)


def _known(context: Context, name: str) -> str:
    from audio_assets.models.registry import list_checkpoints

    if name not in list_checkpoints(context.home):
        raise NotFoundError(f"There is no model {name!r}.")
    return name


def _model(context: Context, name: str) -> Model:
    from audio_assets.models.manage import is_shipped, users_of
    from audio_assets.models.registry import resolve_checkpoint

    default = name == context.settings.checkpoint
    users = users_of(name, context.home)
    try:
        checkpoint = resolve_checkpoint(name, context.home)
    except AudioAssetsError as error:
        broken = {"id": name, "default": default, "shipped": False, "problem": str(error)}
        return Model.model_validate({**broken, "used_by": users})
    card = checkpoint.card.model_dump(include=set(Model.model_fields))
    return Model.model_validate(
        {**card, "id": name, "default": default, "shipped": is_shipped(checkpoint),
         "problem": None, "used_by": users}
    )  # fmt: skip


def _model_file(context: Context, source: str) -> FilePath:
    """A model file named by a request.

    Raises:
        ProblemError: 403, it lies elsewhere.
        CheckpointError: there is nothing.
    """
    if "\0" in source:
        raise ProblemError(422, "source: no path holds a NUL character.")
    path = (context.models_dir / source).resolve()
    roots = (context.models_dir, context.home.checkpoints.resolve())
    if not any(path.is_relative_to(root) and path != root for root in roots):
        raise ProblemError(
            403, "Model files are taken from the models directory only (AUDIO_ASSETS_MODELS_DIR)."
        )
    if not path.exists():
        raise CheckpointError(f"There is neither a recipe nor a model file {source[:200]!r}.")
    return path
