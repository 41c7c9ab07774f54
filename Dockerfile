# The service with everything that it needs to work offline.
#   docker build -t realtime-translation-service . && docker run --rm -p 8000:8000 realtime-translation-service

FROM node:24-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

# No package needs its install script, so none is run: ffmpeg comes from Debian below.
FROM base AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY web web
RUN npm run build

# Without install scripts ffmpeg-static lacks its binary; bufferutil brings one if it has one for this machine.
FROM base AS dependencies
RUN npm ci --ignore-scripts --omit=dev

FROM node:24-bookworm-slim
WORKDIR /app
COPY scripts/debian-packages.sh scripts/packages-run.txt scripts/packages-image.txt scripts/
RUN scripts/debian-packages.sh --strict run image && rm -rf /var/lib/apt/lists/*
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/web/dist web/dist
COPY package.json ./
# The only folders that the service writes to; the root file system may be mounted read-only. Jobs are in uploads, unless
# JOBS_DIR names the other one, for a volume that several nodes share.
RUN install -d -o node -g node uploads jobs
VOLUME /app/uploads
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
USER node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# tini forwards signals and reaps orphaned processes of the engine's pipelines.
ENTRYPOINT ["tini", "--"]
# Space for the objects of many concurrent requests: see docs/performance.md.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=64", "--initial-old-space-size=192", "--no-allocation-site-pretenuring", "dist/main.js"]
