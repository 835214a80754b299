"""Fields that hold one of several models, told apart by a word of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

_MISSING: Final = object()


class OneOf:
    """Marks a field that holds any of `members`, told apart by `TAG`.

    A member is built when a document first names it, for most name few of them; a union of pydantic's own would build
    all before it reads a word. Its complaints are that union's, and their places do not name the member.
    """

    TAG: ClassVar[str]

    @classmethod
    def members(cls) -> Mapping[str, type[BaseModel]]:
        """Tag → model, all there are."""
        raise NotImplementedError

    @classmethod
    def member(cls, tag: str) -> type[BaseModel] | None:
        """None for a tag that there is not."""
        return cls.members().get(tag)

    @classmethod
    def read(cls, value: object) -> BaseModel:
        """Raises `PydanticKnownError`, or `ValidationError` with all that is wrong with the member."""
        if not isinstance(value, dict | BaseModel):
            raise PydanticKnownError("model_attributes_type")
        tag = value.get(cls.TAG, _MISSING) if isinstance(value, dict) else getattr(value, cls.TAG, _MISSING)
        if tag is _MISSING:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": f"'{cls.TAG}'"})
        model = cls.member(tag) if isinstance(tag, str) else None
        if model is None:
            known = ", ".join(f"'{name}'" for name in cls.members())
            told = {"discriminator": f"'{cls.TAG}'", "tag": str(tag), "expected_tags": known}
            raise PydanticKnownError("union_tag_invalid", told)
        return model.model_validate(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        choices: dict[Any, CoreSchema] = {tag: m.__pydantic_core_schema__ for tag, m in cls.members().items()}
        return handler(core_schema.tagged_union_schema(choices, discriminator=cls.TAG))
