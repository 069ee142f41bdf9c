package zz
import ("testing";"os";"strings";"time";"runtime";"telnyxsync/internal/spec";"telnyxsync/internal/kinds";"path/filepath";"fmt")
func TestZ(t *testing.T){
 n:=10<<20
 rep:=func(s string)string{return strings.Repeat(s,(n-100)/len(s))}
 for name,text:=range map[string]string{
  "dashes":"a:\n"+rep("- \n"), "flow":"a: ["+rep("1,")+"]","comments":rep("#\n"),"comments2":"a:\n"+rep(" #x\n")+"\n b: c","deep":rep("["),"deepmap":rep("{a: "),"deepdash":rep("- "),"keys":rep("? "),"anchors":"a: ["+rep("&a 1,")+"]","quotes":"a: \""+rep("\\n")+"\"","plain":"a: "+rep("x "),"tabs":rep("\t"),"docs":rep("---\n"),"emptylines":rep("\n"),"colon":"a: "+rep("b: "),"comflow":"a: ["+rep("1,#\n")+"]","longkey":rep("k")+": 1","alias":"a: &a [x]\nb: ["+rep("*a,")+"]","commentsdash":"a:\n"+rep("- 1 # x\n"),
 }{
  p:=filepath.Join(t.TempDir(),"x.yaml"); os.WriteFile(p,[]byte(text),0o600)
  runtime.GC(); var a,b runtime.MemStats; runtime.ReadMemStats(&a)
  s:=time.Now()
  done:=make(chan error,1)
  go func(){_,err:=spec.Load(kinds.Pure(kinds.Table()),p);done<-err}()
  select{case err:=<-done:
  runtime.ReadMemStats(&b)
  e:=fmt.Sprint(err); if len(e)>150{e=e[:150]}
  fmt.Printf("%-12s %6.2fs alloc %5d MB sys %d MB: %s\n",name,time.Since(s).Seconds(),(b.TotalAlloc-a.TotalAlloc)>>20,b.HeapSys>>20,e)
  case <-time.After(20*time.Second): fmt.Printf("%-12s TIMEOUT\n",name); os.Exit(3)}
 }
}
