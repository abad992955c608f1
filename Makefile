# make run    try Sluice: agent, sample applications, store and page; prints one URL
# make test   the tests; those on a real Elasticsearch too where Java and Maven are
# See README.md for the rest.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BUILD    := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'
# The race detector needs a C compiler.
RACE     := $(if $(shell command -v gcc || command -v clang),-race)
FUZZTIME ?= 10s
TOOL     := $(GO) tool -modfile=tools/go.mod
ES       := sink/elastictest/server/elasticsearch.sh

.PHONY: storm pods soak-tail image test-deploy test-kube test-kubelet deploy-update build run test unit lint format fuzz bench soak soak-kill power-cut elasticsearch stop-elasticsearch test-elasticsearch test-clients test-kills test-clock clean

build: ## bin/sluice and bin/sluice-dev: static, stripped, stamped
	@mkdir -p bin
	@echo "building bin/sluice and bin/sluice-dev (the first time this fetches and compiles the dependencies)"
	@$(BUILD) -o bin/sluice ./cmd/sluice
	@$(BUILD) -o bin/sluice-dev ./cmd/sluice-dev

run: build
	@bin/sluice-dev

test: unit test-elasticsearch

unit:
	$(GO) vet ./...
	$(GO) test $(RACE) -timeout 20m ./...

lint: ## formatter and linter: they only look
	@unformatted=$$($(TOOL) gofumpt -l .); \
	  if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	$(TOOL) staticcheck ./...

format:
	$(TOOL) gofumpt -w .

fuzz: ## every fuzz target (or TARGETS=REGEXP, without the Fuzz) for FUZZTIME, as many at once as there are cores
	@GO=$(GO) tools/fuzz.sh $(FUZZTIME) '$(TARGETS)'

soak-tail: ## the model test of tail, thousands of random runs; SEED=n begins elsewhere
	$(GO) test -count=1 -timeout 30m ./forwarder/tail -run TestModel -model.runs $${RUNS:-3000} -model.seed $${SEED:-1} -parallel 8

SCENARIOS ?= run disk crowds starved filters
bench: build ## measures, prints tables, writes docs/performance.md; SCENARIOS=disk, crowds, starved or filters for one of them alone; FLUENTD="ruby -I DIR" measures its filters beside
	@for part in $(SCENARIOS); do $(GO) run ./bench $$part || exit 1; done

LENGTH ?= 12m
DAYS   ?= 1
soak: build ## DAYS days, each in LENGTH: load and pauses, outages, rotation; prints memory, goroutines and descriptors
	$(GO) run ./bench soak -length $(LENGTH) -days $(DAYS) $(ARGS)

N ?= 1000
soak-kill: build ## N kills at random moments for each combination of inputs and buffers; prints what was lost or doubled
	$(GO) run ./bench soak-kill -n $(N) $(ARGS)

power-cut: N := 100
power-cut: build ## the same with power cuts: N of each combination, on a disk that loses what was not synced; as root, with FUSE
	cd bench/powerdisk && $(GO) test ./... && $(BUILD) -o ../../bin/powerdisk .
	$(GO) run ./bench soak-kill -n $(N) -disk bin/powerdisk -rate 4000 -life 1s $(ARGS)

storm: build ## 10 files rotated every 100 ms for a minute, once with the agent up and once with kills; prints what was lost, doubled or in pieces
	$(GO) run ./bench storm $(ARGS)

pods: build ## 5,000 pods that live two seconds, made and deleted; then a start with 2,000 files of backlog; prints what was lost, labels, memory, times
	$(GO) run ./bench pods $(ARGS)

elasticsearch: ## a real one from Maven artifacts; prints its URL
	@$(ES) start

stop-elasticsearch:
	@$(ES) stop

test-elasticsearch: ## on a real Elasticsearch; prints SKIP and why where none can be had
	$(ES) with -- $(GO) test -count=1 ./sink/elastictest ./sink/elastic ./agent -run 'Contract|RealElasticsearch'

# Tools that deploy's tests use where they are.
CACHE    := $(or $(SLUICE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sluice)
FIND      = $(or $(wildcard $(CACHE)/kube/bin/$(1)),$(shell command -v $(1)))
DEPLOY   := HELM=$(call FIND,helm) KUBECTL=$(call FIND,kubectl) PROMTOOL=$(call FIND,promtool)

image: ## bin/image: an image for amd64 and arm64, without Docker; IMAGE_FLAGS='-push REGISTRY/sluice:TAG' sends it
	@mkdir -p bin/image
	@for arch in amd64 arm64; do GOOS=linux GOARCH=$$arch $(BUILD) -o bin/image/sluice-$$arch ./cmd/sluice || exit 1; done
	@cd deploy/image && $(GO) run . -version '$(VERSION)' -revision '$(COMMIT)' -created $(shell git log -1 --format=%ct 2>/dev/null || echo 0) \
	  -out ../../bin/image $(IMAGE_FLAGS) amd64=../../bin/image/sluice-amd64 arm64=../../bin/image/sluice-arm64

test-deploy: ## chart, manifests and image; what needs helm, kubectl or promtool is skipped where they are not
	$(DEPLOY) $(GO) test -count=1 -v ./deploy | grep -v '^=== '
	cd deploy/image && $(GO) test ./...

test-kube: ## metadata from a real API server; the first time its build takes about ten minutes
	@deploy/kube/cluster.sh can api || { [ $$? = 3 ] && echo SKIP; exit 0; }; set -e; \
	  deploy/kube/cluster.sh build; \
	  dir=$$(mktemp -d); trap 'deploy/kube/cluster.sh api-down '$$dir'; rm -rf '$$dir EXIT; \
	  deploy/kube/cluster.sh api-up $$dir; \
	  $(CACHE)/kube/bin/kubectl --kubeconfig $$dir/admin.kubeconfig apply -f deploy/manifests/agent.yaml; \
	  KUBE_TEST_ADMIN=$$dir/admin.kubeconfig KUBE_TEST_AGENT=$$dir/agent.kubeconfig $(GO) test -count=1 -v -run RealAPI ./forwarder/enrich

test-kubelet: ## the chart on a real kubelet, as root; DURATION and RATE make it longer and harder
	@deploy/kube/cluster.sh can node || { [ $$? = 3 ] && echo SKIP; exit 0; }; set -e; \
	  deploy/kube/cluster.sh build; \
	  $(MAKE) --no-print-directory -s image; \
	  $(BUILD) -o bin/kubelettest ./deploy/kubelettest; \
	  cd deploy/image; for program in logapp pause; do \
	    $(GO) run . -program $$program -repository localhost/$$program -version 1 -out ../../bin/image/$$program $$($(GO) env GOARCH)=$(CACHE)/kube/bin/logapp; \
	  done >/dev/null; cd ../..; \
	  dir=$$(mktemp -d); trap 'deploy/kube/cluster.sh node-down '$$dir'; rm -rf '$$dir EXIT; \
	  deploy/kube/cluster.sh node-up $$dir bin/image/*/logapp-*.tar bin/image/*/pause-*.tar bin/image/sluice-$$($(GO) env GOARCH).tar; \
	  deploy/kube/cluster.sh node-exec $$dir bin/kubelettest -node $$dir -version '$(VERSION)' $(if $(DURATION),-duration $(DURATION)) $(if $(RATE),-rate $(RATE))

deploy-update: ## writes what is made of the chart: its README and schema, the manifests
	$(DEPLOY) $(GO) test -count=1 ./deploy -update

test-clients: ## other people's Forward clients send to a running Sluice; prints what came of each; CLIENTS=REGEXP for some
	SLUICE_TEST_CLIENTS='$(or $(CLIENTS),.)' $(GO) test -count=1 -v -timeout 40m -run TestClients ./forwarder/listen/clients

test-kills: ## two Sluices in a row, killed LIVES times: nothing lost, nothing doubled
	SLUICE_TEST_LIVES=$(or $(LIVES),200) $(GO) test -count=1 -timeout 60m -v -run TestTwoSluicesKilled ./agent

test-clock: ## the tests that kill agents, with agents whose wall clock jumps by hours all the time; builds Go's library anew
	@dir=$$(mktemp -d); trap 'rm -rf '$$dir EXIT; GO=$(GO) tools/clock.sh $$dir && \
	  $(GO) test -count=1 -timeout 60m -overlay $$dir/overlay.json -tags clockjump ./bench/soak ./agent -run 'TestKill|TestChaos|Kills$$|SurvivesKill|TestStopped|TestTwoSluicesKilled'

clean:
	rm -rf bin
