# Run with Rails 6.1.7.10 on Ruby 3.1.2: ruby app/rails.rb, and with TAGGED=1 as production logs: Logger's own format, tags.
require 'logger'
require 'rails'
require 'action_controller/railtie'
require 'action_view/railtie'
require 'active_record/railtie'
require 'rack/mock'

$stdout.sync = true
tagged = ENV['TAGGED']
class Shop < Rails::Application
  config.load_defaults 6.1
  config.eager_load = false
  config.root = Dir.pwd
  config.secret_key_base = 'x' * 64
  config.hosts.clear
  config.consider_all_requests_local = !ENV['TAGGED']
  config.action_dispatch.show_exceptions = true
  config.log_tags = [:request_id] if ENV['TAGGED']
  logger = Logger.new($stdout)
  logger.formatter = ENV['TAGGED'] ? Logger::Formatter.new : ActiveSupport::Logger::SimpleFormatter.new
  config.logger = ActiveSupport::TaggedLogging.new(logger)
  config.filter_parameters << :card
end

ENV['DATABASE_URL'] = 'sqlite3::memory:'
Shop.initialize!

Rails.logger.info 'started'
ActiveRecord::Migration.verbose = false
ActiveRecord::Schema.define { create_table(:orders) { |t| t.string :name } }

class Order < ActiveRecord::Base; end

class OrdersController < ActionController::Base
  skip_forgery_protection only: %i[create]
  before_action(only: :secret) { redirect_to '/orders' }
  def index = render(inline: '<% Order.all.each do |o| %><%= o.name %><% end %>ok')
  def show = render(plain: Order.find(params[:id]).name)
  def create = render(json: Order.create!(params.require(:order).permit(:name)), status: :created)
  def broken = render(inline: "line 1\n<%= nil.name %>\n")
  def nested
    raise ArgumentError, 'no number'
  rescue ArgumentError
    raise 'cannot ship'
  end
  def secret; end
  def update = head(:no_content)
end

Shop.routes.draw do
  resources(:orders) { collection { get :broken; get :nested; get :secret } }
end

def ask(verb, path, **options)
  status, _, body = Shop.call(Rack::MockRequest.env_for(path, method: verb, **options, 'HTTP_X_REQUEST_ID' => "r-#{$n = $n.to_i + 1}"))
  body.each {}
  body.close if body.respond_to?(:close)
  Rails.logger.info "asked #{verb} #{path}: #{status}"
end

ask 'GET', '/orders'
ask 'POST', '/orders', params: { order: { name: 'tea', price: 3 }, card: '4111' }
ask 'GET', '/orders/1'
ask 'GET', '/orders/17'
ask 'GET', '/orders/nested'
ask 'GET', '/orders/broken'
ask 'GET', '/orders/secret'
ask 'PATCH', '/orders/1'
ask 'GET', '/nowhere'
Rails.logger.info 'stopping'
