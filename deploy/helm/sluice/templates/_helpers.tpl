{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "sluice.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sluice.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sluice.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the account, or set serviceAccount.create" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sluice.priorityClass" -}}
{{- if .Values.priorityClass.name -}}
{{- .Values.priorityClass.name -}}
{{- else if .Values.priorityClass.create -}}
{{- include "sluice.fullname" . -}}
{{- end -}}
{{- end -}}

{{- /* What agent and aggregator have in common in their settings. */ -}}
{{- define "sluice.config" -}}
data_dir: /var/lib/sluice
log: { format: json }
{{- with .Values.cluster }}
cluster: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "sluice.aggregator" -}}
{{ include "sluice.fullname" . }}-aggregator
{{- end -}}

{{- /* "true" where agents send to the aggregators, or where their fluent.conf may. */ -}}
{{- define "sluice.agentForwards" -}}
{{- if and .Values.aggregator.enabled (eq "forward" (default "forward" .Values.agent.config.output)) -}}
true
{{- end -}}
{{- end -}}

{{- /* Where an agent's records go. The aggregators' Service without an address has one name with the addresses of those that are
ready; what is true of a container travels once, for they are Sluices, too. */ -}}
{{- define "sluice.output" -}}
{{- if include "sluice.agentForwards" . -}}
output: forward
forward:
  servers: [{ host: {{ include "sluice.aggregator" . }}-each.{{ .Release.Namespace }}.svc }]
  metadata: option
  {{- with .Values.aggregator.auth }}
  {{- if .existingSecret }}
  shared_key: ${file:/etc/sluice/auth/{{ .sharedKeyKey }}}
  {{- end }}
  {{- end }}
  {{- with .Values.aggregator.tls }}
  {{- if .existingSecret }}
  tls: { ca: /etc/sluice/tls/{{ .caKey }} }
  {{- end }}
  {{- end }}
{{- else -}}
{{ include "sluice.elasticsearch" . }}
{{- end -}}
{{- end -}}

{{- define "sluice.elasticsearch" -}}
elasticsearch:
  urls: {{ toJson .Values.elasticsearch.urls }}
  {{- if .Values.elasticsearch.ca.existingSecret }}
  ca: /etc/sluice/ca/{{ .Values.elasticsearch.ca.key }}
  {{- end }}
{{- end -}}

{{- define "sluice.env" -}}
{{- with .Values.elasticsearch.auth -}}
{{- if .existingSecret -}}
{{- if .apiKeyKey }}
- name: ELASTICSEARCH_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: {{ .apiKeyKey }} } }
{{- else }}
- name: SLUICE_ELASTICSEARCH_USERNAME
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: {{ required "elasticsearch.auth.usernameKey" .usernameKey }} } }
- name: SLUICE_ELASTICSEARCH_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: {{ required "elasticsearch.auth.passwordKey" .passwordKey }} } }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* What sender and receiver prove themselves with. */ -}}
{{- define "sluice.secretMounts" -}}
{{- if .Values.aggregator.auth.existingSecret }}
- { name: auth, mountPath: /etc/sluice/auth, readOnly: true }
{{- end }}
{{- if .Values.aggregator.tls.existingSecret }}
- { name: tls, mountPath: /etc/sluice/tls, readOnly: true }
{{- end }}
{{- end -}}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "sluice.probes" -}}
livenessProbe: # fails only when one of Sluice's own loops stands still, not when Elasticsearch is away
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
{{- end -}}
