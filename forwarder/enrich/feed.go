package enrich

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// feed lists and watches one resource and tells how its requests fare. A
// reflector drives it.
type feed struct {
	client   rest.Interface
	codec    runtime.ParameterCodec
	kind     kind
	selector string                // of fields
	list     func() runtime.Object // makes an empty one
	report   func(k kind, err error)
}

// ListWithContext implements cache.ListerWatcherWithContext.
func (f *feed) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.FieldSelector = f.selector
	list := f.list()
	err := f.client.Get().Resource(kindNames[f.kind]).VersionedParams(&o, f.codec).Do(ctx).Into(list)
	f.fared(ctx, err)
	return list, err
}

// WatchWithContext implements cache.ListerWatcherWithContext.
func (f *feed) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.FieldSelector, o.Watch = f.selector, true
	w, err := f.client.Get().Resource(kindNames[f.kind]).VersionedParams(&o, f.codec).Watch(ctx)
	if o.SendInitialEvents != nil && apierrors.IsInvalid(err) {
		return w, err // servers before 1.32 do not send them: the reflector lists next
	}
	f.fared(ctx, err)
	return w, err
}

// fared reports a request's end, unless it was ours, or only says that the
// version that was asked for is too old.
func (f *feed) fared(ctx context.Context, err error) {
	if ctx.Err() != nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return
	}
	f.report(f.kind, explain(err))
}

// explain names the fix where there is one.
func explain(err error) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w: the service account needs get, list and watch on pods, nodes and namespaces", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w: the service account's token is not valid", err)
	}
	return err
}

var errNoContext = errors.New("BUG: asked without a context")

// List implements cache.ListerWatcher, which is not used.
func (f *feed) List(metav1.ListOptions) (runtime.Object, error) { return nil, errNoContext }

// Watch implements cache.ListerWatcher, which is not used.
func (f *feed) Watch(metav1.ListOptions) (watch.Interface, error) { return nil, errNoContext }
