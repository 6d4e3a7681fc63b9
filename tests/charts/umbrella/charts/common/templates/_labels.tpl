{{- define "common.labels" }}{release: {{ .Release.Name | quote }}, region: {{ .Values.global.region | quote }}}{{ end }}
