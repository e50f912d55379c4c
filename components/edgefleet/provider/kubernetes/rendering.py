"""Objects as YAML files in a directory, laid out as the real plugin does; no cluster is needed.

``0-crd/`` has the CRDs and ``1-manifest/`` the rest, to be applied one after the other.
A file is ``<apiVersion>-<kind>-<namespace>-<name>.yaml``.
"""

from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.kubernetes import CRD, DEFAULT_NAMESPACE, Kind, Object, Ref
from edgefleet.provider.kubernetes.state import secret_texts
from edgefleet.provider.kubernetes.target import Recorded, Seen, Wanted, Warn, planned_id


class DirectoryTarget:
    """The objects of one provider as files.

    Args:
        directory: where they are written to.
        namespace: of objects that name none.
        warn: reports a warning, beside the resource of a URN.
    """

    def __init__(self, directory: Path, namespace: str, warn: Warn) -> None:
        self._directory, self.namespace, self._warn = directory, namespace, warn
        self._written: set[Path] = set()

    def is_namespaced(self, kind: Kind) -> bool | None:
        """None: nobody knows it of a kind that no CRD of the program defines."""
        del kind
        return None

    def compared(self, urn: str, recorded: Recorded) -> None:
        """Files have names alone."""

    def create(self, wanted: Wanted, *, is_preview: bool) -> tuple[str, dict[str, Any]]:
        """Write the object."""
        if not is_preview:
            self._write(wanted)
        elif not wanted.is_known:
            return planned_id(wanted.item), dict(wanted.marks)
        return planned_id(wanted.item), wanted.outputs(wanted.item)

    def read(self, recorded: Recorded, wanted: Wanted) -> Seen | None:
        """What is on record, if its file is there."""
        if not recorded.inputs:
            problem = "cannot be imported: this provider renders to a directory and reads no cluster"
            raise InvalidInput.at(recorded.id, "import", problem, "leave out import_")
        live = recorded.live if recorded.outputs else wanted.item
        if not self._path(live).is_file():
            return None
        return Seen(recorded.id, wanted.outputs(live), dict(recorded.inputs))

    def update(self, recorded: Recorded, wanted: Wanted, *, is_preview: bool) -> dict[str, Any]:
        """Write the object again."""
        if not is_preview:
            self._write(wanted)
            self.delete(recorded, 0)
        elif not wanted.is_known:
            return dict(wanted.marks)
        return wanted.outputs(wanted.item)

    def delete(self, recorded: Recorded, timeout: float) -> None:
        """Remove the file, unless another resource of this run has written it again."""
        del timeout
        path = self._path(recorded.live)
        if path not in self._written:
            disk.remove(path)

    def _write(self, wanted: Wanted) -> None:
        path = self._path(wanted.item)
        if secret_texts(wanted.marks):
            shown = path.relative_to(self._directory)
            hint = "keep renderYamlToDirectory out of version control"
            self._warn(f"{shown} holds a secret in clear; {hint}", wanted.urn)
        disk.write(path, to_yaml(_sorted(wanted.item)).encode())
        self._written.add(path)

    def _path(self, item: Object) -> Path:
        ref = Ref.of(item)
        version = ref.kind.api_version.replace("/", "_").replace(":", "_")
        name = f"{version}-{ref.kind.name.lower()}-{ref.namespace or DEFAULT_NAMESPACE}-{ref.name}.yaml"
        return (
            self._directory
            / ("0-crd" if ref.kind.key == ("apiextensions.k8s.io", CRD) else "1-manifest")
            / name
        )


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(child) for child in value] if isinstance(value, list) else value
