# Code and its dependencies, nothing else: no build tools, no tests. newsrank has no build step.
FROM node:22-alpine AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing is compiled, and no package's script is run.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:22-alpine
ENV NODE_ENV=production DATA_DIR=/tmp/newsrank
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY config ./config
COPY src ./src
COPY workers ./workers
# Its files belong to root and are not writable to who runs them.
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["wget", "-qO-", "http://127.0.0.1:8080/livez"]
# A busy API holds hundreds of requests while their reads gather: in a small new space they are copied again and again.
CMD ["node", "--max-semi-space-size=32", "bin/newsrank.js", "start"]
