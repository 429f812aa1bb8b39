#!/bin/sh
# Makes a Debian (private root or image) ready for Sightline. Runs inside it, as root:
#
#   provision.sh PROFILE REQUIREMENTS ENVIRONMENT
#
# PROFILE is `base` (what Sightline needs), `test` (also what its tests need) or `bench` (also what those need that its
# kernels are measured against), REQUIREMENTS the locked list of Python packages, ENVIRONMENT the folder in which they
# go. environment.py lies beside this script.
set -eu

profile=$1
requirements=$2
environment=$3
here=$(dirname "$0")
export DEBIAN_FRONTEND=noninteractive

packages="orthanc orthanc-python python3-venv ca-certificates"
if [ "$profile" = test ]; then
    packages="$packages orthanc-dicomweb dcmtk chromium fonts-dejavu-core nginx-light openssh-server php-cli curl nodejs procps make git wrk"
fi
if [ "$profile" = bench ]; then
    # VTK renders volumes without a screen through EGL, and Mesa stands in for the graphics card.
    packages="$packages libegl1 libgl1 libgl1-mesa-dri"
fi

# A package must not start its service here: Sightline starts its own Orthanc, and only that.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

# The rolling suite's index is at times not renewed for days; its signature is checked all the same.
set -- -o Acquire::Retries=3
if grep -q sid /etc/debian_version; then
    set -- "$@" -o Acquire::Check-Valid-Until=false
fi
apt-get "$@" update
# shellcheck disable=SC2086 # one word per package is meant
apt-get "$@" install --yes --no-install-recommends $packages
apt-get clean
rm -rf /var/lib/apt/lists/*

# Orthanc runs as nobody else does: not as root, and not under a number that another system may have given away.
if ! getent passwd sightline > /dev/null; then
    groupadd --gid 60842 sightline
    useradd --uid 60842 --gid 60842 --no-create-home --home-dir /var/lib/sightline --shell /usr/sbin/nologin sightline
fi
install -d -m 700 -o sightline -g sightline /var/lib/sightline

python3 "$here/environment.py" auto "$requirements" "$environment"
