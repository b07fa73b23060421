FROM node:22-alpine AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:22-alpine
ENV NODE_ENV=production DATA_DIR=/tmp/newsrank
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY config ./config
COPY src ./src
COPY workers ./workers
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["wget", "-qO-", "http://127.0.0.1:8080/livez"]
CMD ["node", "bin/newsrank.js", "start"]
