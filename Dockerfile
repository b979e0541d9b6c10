FROM python:3.13-slim AS build
WORKDIR /source
COPY setup.cfg pyproject.toml README.md ./
COPY soulspot_arr soulspot_arr
COPY arr_compat arr_compat
COPY blueprints blueprints
RUN python -m venv /opt/soulspot-arr \
 && /opt/soulspot-arr/bin/pip install --no-cache-dir --disable-pip-version-check '.[postgres,decode]'

FROM python:3.13-slim
# Nothing but the installation may be imported, wherever a command is started.
ENV PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/soulspot-arr/bin:$PATH \
    SOULSPOT_DATA_DIR=/data
RUN groupadd --gid 1000 soulspot \
 && useradd --uid 1000 --gid 1000 --home-dir /data --no-create-home soulspot \
 && install --directory --owner=1000 --group=1000 /data
COPY --from=build /opt/soulspot-arr /opt/soulspot-arr
USER 1000:1000
WORKDIR /empty
VOLUME /data
EXPOSE 8585
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('SOULSPOT_PORT') or 8585), timeout=5); c.request('GET', '/ping'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["soulspot-arr"]
CMD ["serve"]
