import { setTimeout as sleep } from 'node:timers/promises';
import type { Telemetry } from 'bullmq';
import { SECOND } from '../clock.ts';
import type { Log } from '../log.ts';

/** How jobs are traced: BullMQ makes a span of each job, linked with the one that added it. */
export interface Traces {
  readonly telemetry: Telemetry;
  /** Sends what has gathered, as far as the collector takes it within two seconds. */
  close(): Promise<void>;
}

/** To whom does not answer, the exporter sends again for ten seconds; no stop waits for that. */
const FLUSH_PATIENCE = 2 * SECOND;

/**
 * Sends traces of all jobs by OTLP over HTTP (JSON) to the collector at `endpoint`. What OpenTelemetry's other variables
 * say (OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, …) is heeded by its
 * SDK. It is loaded here, so that whoever traces nothing pays nothing.
 */
export async function openTraces(endpoint: string, version: string, log: Log): Promise<Traces> {
  const [
    { diag, DiagLogLevel },
    { OTLPTraceExporter },
    { BatchSpanProcessor, NodeTracerProvider },
    resources,
    { BullMQOtel },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
    import('bullmq-otel'),
  ]);
  const tell = (message: string) => log.warn({ error: message }, 'traces');
  diag.setLogger({ error: tell, warn: tell, info() {}, debug() {}, verbose() {} }, { logLevel: DiagLogLevel.WARN });
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const own = resourceFromAttributes({ 'service.name': 'newsrank', 'service.version': version });
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))],
  });
  // Spans of what runs within a job, should anybody make some, find that job's.
  provider.register();
  return {
    telemetry: new BullMQOtel({ tracerName: 'newsrank', version }),
    async close() {
      const patience = new AbortController();
      const late = sleep(FLUSH_PATIENCE, 'late', { signal: patience.signal }).catch(() => undefined);
      const sent = provider.shutdown().catch((error: unknown) => tell(String(error)));
      if ((await Promise.race([sent, late])) === 'late')
        tell('the collector does not answer; the last traces are lost');
      patience.abort();
    },
  };
}
