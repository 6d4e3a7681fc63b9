# The action's image: Python, git, ssh, and what requirements.lock names; Helm is a library among that. Builds with BuildKit and with buildah.

# Another Debian with Python 3.11 or newer and its venv does as well: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=python

# Written out for Dependabot, which reads no arguments.
FROM docker.io/library/python:3.13-slim-trixie@sha256:ffb752e139c0a19692a43af8d8523b274222dd68eebad5d583b45c2201c6e30a AS python


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
 # Byte code that needs no check of its source: any user starts fast, none needs to write.
 && /opt/promotion/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/promotion/lib \
 && cd /opt/promotion/lib/python3.*/site-packages/helm_python/lib \
 # The wheel can't hold links and brings its library of 85 MB three times.
 && ln -sf libhelm_c.so.*.*.* libhelm_c.so && ln -sf libhelm_c.so.*.*.* libhelm_c.so.0 \
 # A layer of its own, for it changes least.
 && mkdir -p "/helm$PWD" && mv libhelm_c.so* "/helm$PWD"


FROM packages AS program
COPY pyproject.toml README.md /source/
COPY src /source/src
RUN /pip/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel /source \
 && /pip/bin/pip --python /opt/promotion/bin/python install --no-cache-dir --no-compile --no-deps --root /program /wheel/*.whl \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /program -p / /program
COPY entrypoint.py /program/opt/promotion/


FROM ${BASE_IMAGE} AS system
# Not pinned by version: Debian's archive keeps only the newest, with its security fixes. The digest of the
# published image pins them.
# curl is for Fabrikate (engine: fab), which looks for it before it starts.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates curl git openssh-client
# What installs packages, manages a machine, or is written in Perl: git's mail and Subversion commands. dpkg's list of
# packages stays true, for those who look for known faults in it; perl-base is the last, since others' scripts need it.
RUN set -eu; \
    purge() { \
      found="$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')"; \
      dpkg --purge --force-depends --force-remove-essential --force-remove-protected $found; \
    }; \
    export DEBIAN_FRONTEND=noninteractive; \
    purge adduser apt 'libapt-pkg*' debian-archive-keyring gpgv sqv sysv-rc sysvinit-utils init-system-helpers \
      e2fsprogs logsave 'libext2fs*' libss2 mount git-man less lsb-base 'python3*-venv' python3-pip-whl \
      python3-setuptools-whl python3-distutils python3-lib2to3; \
    purge perl 'perl-modules-*' 'libperl5*' liberror-perl 'libgdbm*' 'libdb5*' debconf; \
    purge perl-base; \
    rm -rf /var/lib/apt /var/lib/dpkg/*-old /var/cache/* /var/log/* /usr/share/man /usr/share/locale /usr/share/info \
      /usr/share/bash-completion /usr/share/lintian /usr/share/gitweb /usr/local/share/man /usr/local/include; \
    # Who hands on Debian's packages hands on what they say of their authors and licences.
    find /usr/share/doc ! -type d ! -type l ! -name copyright -delete; \
    # Servers, mail, and what writes by WebDAV, each with all of git in it; and git itself, which lies there twice.
    cd /usr/lib/git-core; \
    rm -f git-daemon git-http-backend git-http-push git-imap-send git-shell scalar /usr/bin/git-shell /usr/bin/scalar; \
    ln -sf ../../bin/git git; \
    # No second way to install anything. Python's official image has no byte code (docker-library/python#615), which
    # would be made anew in each container.
    cd "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"; \
    rm -rf ensurepip idlelib lib2to3 pydoc_data site-packages tkinter turtledemo test config-*; \
    rm -f /usr/local/bin/pip* /usr/local/bin/idle* /usr/local/bin/pydoc* /usr/local/bin/python3*-config; \
    find . -name __pycache__ -prune -exec rm -r {} +; \
    python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash .


# One layer for each thing that changes on its own, the steadiest first: who has an older release pulls what changed.
FROM scratch
COPY --from=system / /
COPY --from=packages /helm /
COPY --from=packages /opt/promotion /opt/promotion
COPY --from=program /program /

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
