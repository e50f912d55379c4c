"""The assets of a k3s release, by architecture."""

BINARIES = {"amd64": "k3s", "arm64": "k3s-arm64", "armhf": "k3s-armhf"}
"""dict[architecture -> asset of a k3s release that is the binary] (k3s, install.sh)."""
ARCHIVES = {
    arch: f"k3s-airgap-images-{word}.tar.zst"
    for arch, word in {"amd64": "amd64", "arm64": "arm64", "armhf": "arm"}.items()
}
"""dict[architecture -> asset that holds the images k3s itself runs] (k3s docs, installation/airgap)."""
SUMS = {"amd64": "sha256sum-amd64.txt", "arm64": "sha256sum-arm64.txt", "armhf": "sha256sum-arm.txt"}
"""dict[architecture -> asset that holds the digests of the others]."""
