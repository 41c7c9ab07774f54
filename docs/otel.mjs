/**
 * An example for operators: sends spans to an OpenTelemetry collector. It is not part of the service and needs packages
 * that the service does not include:
 *
 *     npm install --no-save @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto
 *     OTEL_SERVICE_NAME=translation OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 \
 *       node --import ./docs/otel.mjs dist/main.js
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';

new NodeSDK({ traceExporter: new OTLPTraceExporter() }).start();
