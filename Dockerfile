# `npm start` in a container, for machines without apt and for an application's tests: docs/containers.md. The deployed reader has
# an image of its own, infra/bundles/reader-image.
FROM public.ecr.aws/docker/library/node:24-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# What downloads MySQL's packages from Debian, and checks their signatures.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates debian-archive-keyring \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /binlog-router
RUN chown node:node .
USER node
COPY --chown=node:node . .
# The first start brings MySQL into the image, and shows that all of it runs there.
RUN npm ci && node infra/local/main.ts --no-demo --duration 1
EXPOSE 4500-4506
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s CMD ["test", "-f", ".local/stack.json"]
ENTRYPOINT ["node", "infra/local/main.ts", "--host", "127.0.0.1", "--port-base", "4500"]
