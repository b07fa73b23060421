# What runs and its dependencies, nothing else: no build tools, no tests.
FROM node:22-alpine AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package's script is run.
RUN npm ci --ignore-scripts && npm cache clean --force
COPY bin ./bin
COPY config ./config
COPY src ./src
COPY workers ./workers
# Puts the sources together in a few files, which start in half the CPU time.
RUN node bin/build.js
RUN npm prune --omit=dev --ignore-scripts && npm cache clean --force

FROM node:22-alpine
ENV NODE_ENV=production DATA_DIR=/tmp/newsrank
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/config ./config
COPY --from=build /app/src ./src
COPY --from=build /app/workers ./workers
COPY --from=build /app/dist ./dist
# Its files belong to root and are not writable to who runs them.
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["wget", "-qO-", "http://127.0.0.1:8080/livez"]
# Memory as even as it can be: V8 collects when a fifth has been added to what lives, not when it has doubled, and does not
# give back what the next tick asks for again.
CMD ["node", "--heap-growing-percent=20", "--no-memory-reducer", "bin/newsrank.js", "start"]
