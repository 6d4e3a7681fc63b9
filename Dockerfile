# The action's image: Python, git, ssh, Helm, and what requirements.lock names. Builds with BuildKit and with buildah.

# Another Debian with Python 3.11 or newer and its venv does as well: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=python

# Written out for Dependabot, which reads no arguments.
FROM docker.io/library/python:3.13-slim-trixie@sha256:ffb752e139c0a19692a43af8d8523b274222dd68eebad5d583b45c2201c6e30a AS python


FROM ${BASE_IMAGE} AS helm
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl
ARG HELM_VERSION=4.3.0
# Of helm-v4.3.0-linux-<architecture>.tar.gz, as published with the release.
ARG HELM_SHA256_AMD64=86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb
ARG HELM_SHA256_ARM64=31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08
ARG HELM_SITE=https://get.helm.sh
RUN set -eu; \
    architecture="$(dpkg --print-architecture)"; \
    case "$architecture" in \
      amd64) sum="$HELM_SHA256_AMD64" ;; \
      arm64) sum="$HELM_SHA256_ARM64" ;; \
      *) echo "No Helm checksum for $architecture" >&2; exit 1 ;; \
    esac; \
    curl --fail --silent --show-error --location --retry 3 --output helm.tar.gz \
      "$HELM_SITE/helm-v$HELM_VERSION-linux-$architecture.tar.gz"; \
    echo "$sum  helm.tar.gz" | sha256sum --check --strict; \
    tar --extract --gzip --file helm.tar.gz --strip-components 1 --no-same-owner --directory /usr/local/bin \
      "linux-$architecture/helm"


FROM ${BASE_IMAGE} AS packages
# pip stays in a virtual environment of its own, outside of the image.
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/promotion
COPY requirements.lock requirements-build.lock /source/
# Wheels only: nothing is compiled, and no foreign code runs in the build.
RUN /pip/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r /source/requirements-build.lock \
 && /pip/bin/pip --python /opt/promotion/bin/python install --no-cache-dir --no-compile --only-binary :all: \
      --no-deps --require-hashes -r /source/requirements.lock \
 # actions-toolkit's wheel brings its own tests.
 && rm -r /opt/promotion/lib/python3.*/site-packages/tests \
 # The wheel can't hold links and brings its library of 85 MB three times.
 && cd /opt/promotion/lib/python3.*/site-packages/helm_python/lib \
 && ln -sf libhelm_c.so.*.*.* libhelm_c.so && ln -sf libhelm_c.so.*.*.* libhelm_c.so.0
COPY pyproject.toml README.md /source/
COPY src /source/src
RUN /pip/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel /source \
 && /pip/bin/pip --python /opt/promotion/bin/python install --no-cache-dir --no-compile --no-deps /wheel/*.whl
COPY entrypoint.py /opt/promotion/
# Byte code that needs no check of its source: any user starts fast, none needs to write.
RUN /opt/promotion/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/promotion/lib


FROM ${BASE_IMAGE}
# Not pinned by version: Debian's archive keeps only the newest, with its security fixes. The digest of the
# published image pins them.
# curl is for Fabrikate (engine: fab), which looks for it before it starts.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates curl git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/man /usr/share/locale \
 # Who hands on Debian's packages hands on what they say of their authors and licences.
 && find /usr/share/doc ! -type d ! -type l ! -name copyright -delete \
 # 40 MB for git's mail and Subversion commands, written in Perl. Debian's own small perl-base stays.
 && rm -rf /usr/share/perl/5* /usr/share/perl5 /usr/lib/*/perl/5* /usr/lib/*/libperl.so.5*
COPY --from=helm /usr/local/bin/helm /usr/local/bin/helm
COPY --from=packages /opt/promotion /opt/promotion

# The image works for any user, with any home. It names none, because GitHub's runner gives the files for outputs
# and summary to its own user, whose number differs from runner to runner, and asks that Docker actions run as root.
ENV PATH=/opt/promotion/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /github/workspace
# The licences of all that is in it (SPDX); ours is MIT. /usr/share/doc/*/copyright tells Debian's, package by package.
LABEL org.opencontainers.image.title="GitOps Promotion" \
      org.opencontainers.image.description="Materialises a Fabrikate cluster HLD and commits it to the manifest repository" \
      org.opencontainers.image.licenses="\
MIT AND MIT-0 AND (Artistic-1.0-Perl OR GPL-1.0-or-later) AND Apache-2.0 AND BSD-2-Clause AND BSD-3-Clause \
AND BSD-4-Clause-UC AND BSL-1.0 AND bzip2-1.0.6 AND CC0-1.0 AND curl AND GFDL-1.3-no-invariants-or-later \
AND GPL-2.0-only AND GPL-2.0-or-later AND GPL-3.0-only AND GPL-3.0-or-later AND ISC AND LGPL-2.0-or-later \
AND LGPL-2.1-or-later AND LGPL-3.0-only AND LGPL-3.0-or-later AND MPL-2.0 AND OLDAP-2.8 AND OpenSSL \
AND PSF-2.0 AND Unicode-DFS-2016 AND X11 AND Zlib"
# -I: neither the working folder nor PYTHON* variables of a workflow change what runs. -u: the log is live.
ENTRYPOINT ["/opt/promotion/bin/python3", "-I", "-u", "/opt/promotion/entrypoint.py"]
