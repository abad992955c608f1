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
