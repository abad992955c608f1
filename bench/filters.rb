# The filters of `bench filters` in Fluentd: prints NAME and the nanoseconds of CPU that a record takes, the least of some
# rounds. Batches of 500 records, as there; what copies a record is Fluentd's own.
require 'fluent/log'
require 'fluent/config'
require 'fluent/env'
require 'fluent/event'
require 'fluent/plugin'
require 'fluent/engine'
require 'fluent/time'
require 'fluent/system_config'
require 'serverengine'
require 'json'

$log = Fluent::Log.new(ServerEngine::DaemonLogger.new(File.open(File::NULL, 'w'), log_level: ServerEngine::DaemonLogger::FATAL))

ACCESS = { 'message' => '10.1.2.3 - - [02/Jan/2026:03:04:05 +0000] "GET /api/v1/things/4711 HTTP/1.1" 200 5120 "-" "curl/8.5.0"', 'stream' => 'stdout' }.freeze
LINE = { 'stream' => 'stdout', 'log' => '{"time":"2026-01-02T03:04:05.123456789Z","level":"info","msg":"request served","status":200,"took":0.031,"peer":{"ip":"10.1.2.3"}}' }.freeze
ACCESS_LINE = '/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$/'

CASES = {
  'grep' => ['grep', ACCESS, "<regexp>\n key message\n pattern /GET .* HTTP/\n</regexp>"],
  'record_transformer' => ['record_transformer', ACCESS, <<~CONF],
    enable_ruby true
    auto_typecast true
    <record>
      env prod
      team shop
      cluster blue
      source ${record["stream"].upcase}
      size ${record["message"].length > 100 ? "long" : "short"}
    </record>
  CONF
  'parser_regexp' => ['parser', ACCESS, "key_name message\n<parse>\n @type regexp\n expression #{ACCESS_LINE}\n time_format %d/%b/%Y:%H:%M:%S %z\n</parse>"],
  'parser_json' => ['parser', LINE, "key_name log\n<parse>\n @type json\n time_type string\n time_format %Y-%m-%dT%H:%M:%S.%N%z\n</parse>"],
}.freeze

Fluent::Engine.init(Fluent::SystemConfig.new)
Fluent::Engine.run_configure(Fluent::Config::Element.new('ROOT', '', {}, []))

def cpu
  Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :nanosecond)
end

CASES.each do |name, (type, record, conf)|
  filter = Fluent::Plugin.new_filter(type)
  filter.configure(Fluent::Config.parse("@type #{type}\n#{conf}", 'bench', '.', :v1))
  filter.start
  time = Fluent::EventTime.new(1_767_323_045)
  es = Fluent::ArrayEventStream.new(Array.new(500) { [time, record.dup] })
  out = filter.filter_stream('kubernetes.var.log.app', es)
  kept = 0
  out.each { |_, r| kept += 1 if r }
  raise "#{name}: #{kept} of 500 records are left" unless kept == 500

  3.times { filter.filter_stream('kubernetes.var.log.app', es) }
  best = Array.new(10) do
    start = cpu
    10.times { filter.filter_stream('kubernetes.var.log.app', es) }
    (cpu - start) / 5000.0
  end.min
  puts "#{name} #{best.round}"
end
