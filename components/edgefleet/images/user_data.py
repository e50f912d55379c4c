"""Format ``user-data``: the first boot of a cloud instance, as EC2 passes it to cloud-init.

The cloud sets names, network, users and host keys; files, units and commands are the same as on a node.
Source: EC2 user guide, "Run commands when you launch an EC2 instance with user data input".

It is passed compressed, and cloud-init decompresses it. Digests and comparisons use the text, as compressors
of other machines may write other bytes.
"""

from edgefleet.errors import InvalidInput, Problem
from edgefleet.images.base.cloud_init_fallback import commands
from edgefleet.images.nocloud import written_files
from edgefleet.io.archives import compressed
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.image import Image

LONGEST = 16_384
"""Bytes that EC2 accepts, before base64."""


def build(boot: FirstBoot) -> Image:
    """The user-data.

    Raises:
        InvalidInput: it is too long for EC2, or holds a secret that every user of the machine could read.
    """
    secret = [file.path for file in boot.files if file.is_secret]
    text = "#cloud-config\n" + to_yaml(
        {
            "ssh_pwauth": False,
            "disable_root": True,
            "write_files": written_files(boot),
            "runcmd": commands(boot),
        }
    )
    size = len(compressed(text))
    problems = []
    if secret:
        problem = f"{', '.join(secret)} would be in user-data, which every process on the server can read"
        hint = "let the server download it with its role"
        problems.append(Problem(code="secret", path="userData", problem=problem, hint=hint))
    if size > LONGEST:
        problem = f"user-data has {size:,} bytes compressed, {LONGEST:,} at most"
        hint = "shorten what the hub's servers are given; EC2 takes no more"
        problems.append(Problem(code="too-long", path="userData", problem=problem, hint=hint))
    if problems:
        raise InvalidInput(problems)
    return Image(data=text.encode(), files={"user-data": text.encode()})
